"""Widgets that know nothing of the product; each has an accessible name and reads the theme when it paints."""
