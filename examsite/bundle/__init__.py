"""The public verifier of result bundles: one file that knows the format and nothing of this product."""
