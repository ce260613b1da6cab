"""What a developer's machine does: Node and the builds of the views. Nothing here runs in production."""
