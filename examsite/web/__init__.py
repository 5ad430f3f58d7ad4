"""The door: parses, asks, renders. One blueprint per audience; the permission border is the folder border.

A writing request makes five hops: view (form, context) -> service -> domain rule -> storage -> `@writes` commits.
A reading request makes three: view -> query -> template.
"""
