"""The version of this program, without asking the package database at start."""

VERSION = "0.1.0"
