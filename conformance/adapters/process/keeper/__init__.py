"""A separate program that ends all processes that a subject started, run by its path."""
