"""Recipes as TOML differences; see `aijockey.train.config`."""
