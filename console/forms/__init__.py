"""Forms and the pages made of them: editing, saving, merging, history, pickers."""
