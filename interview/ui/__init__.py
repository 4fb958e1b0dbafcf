"""The screen. The only package that knows gradio."""
