"""A bakery's dashboard: one page of three routes that stay true in three ways."""
