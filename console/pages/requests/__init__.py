"""The inbox: requests raised here and those that Privilege Manager raised on an instance, in one list."""
