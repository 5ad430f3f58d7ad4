"""The acts: one function is one use case and leaves one entry in a log. No Flask, no commit, no clock but ctx.now."""
