"""Where the stages meet: a study in, tables out."""
