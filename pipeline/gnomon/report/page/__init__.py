"""The evidence page: one file that shows a run."""
