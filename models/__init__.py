"""What things are: tables, kinds and value types. No input or output, no Qt."""
