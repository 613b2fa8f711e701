"""Our own engine process for language models, the model files it serves, and the one client of any server that
speaks the OpenAI protocol. What may be asked of a model, and by whom, is decided above.
"""
