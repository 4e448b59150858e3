"""The suite's own tests, where pytest looks for them: pytest --pyargs conformance --gru NAME.

They are collected by gru_conformance_pytest and judged by conformance.cli.judge, in a process of their own.
"""
