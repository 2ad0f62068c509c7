"""Figures about past requests and checks, and advice on timing that follows from them."""
