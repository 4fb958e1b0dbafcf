"""The screen. The only package that knows gradio."""

import os

# Gradio reads these when it is imported: nothing here may call out, to its makers or to the model hub.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"
