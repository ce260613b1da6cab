"""An ordinary React Router application behind Offhook."""
