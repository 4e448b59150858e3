"""What the bounds themselves are tested by: searches for a counterexample, lemma by lemma and step by step.

`python -m studies lemmas` tries everything that small formats hold; `steps` judges a million steps of honest emulated
GRUs of every class; `attained` shows how close to each term of the bound honest arithmetic can come. Not installed:
they are run from a clone, and what they printed is in docs/records.
"""
