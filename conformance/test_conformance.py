"""The suite's own tests in a module that pytest finds: `pytest --pyargs conformance --gru NAME`.

gru_conformance_pytest collects them. conformance.cli.judge judges them in a separate process.
"""
