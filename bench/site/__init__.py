"""The page of ``bench pages``, in Offhook; ``bench/peer`` is the same one in React Router's framework mode."""
