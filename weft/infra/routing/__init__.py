"""The declared route table and the ASGI application made from it."""
