"""Small parts that pages are built from; each has an accessible name and reads the theme when it paints."""
