"""Running an application: uvicorn, set up for lines that stay open."""
