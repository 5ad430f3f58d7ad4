"""The pages of a handed-in file as pictures and text; drawn by a process of its own, under hard limits."""
