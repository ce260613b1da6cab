"""Pages: routes with loaders, actions and views. Knows nothing of the realtime half."""
