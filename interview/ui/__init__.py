"""The screen. The only package that knows gradio."""

import os
import secrets
import tempfile
from pathlib import Path

# Gradio reads these when it is imported: nothing here may call out, to its makers or to the model hub.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"
# Else all Gradio programs of this machine share one folder. It is made when the app is served, and removed at its end.
GRADIO_FOLDER = Path(tempfile.gettempdir(), f"viva-{secrets.token_hex(16)}")
os.environ["GRADIO_TEMP_DIR"] = str(GRADIO_FOLDER)
