"""The seam between training and playing: a verified folder of JSON, ONNX graphs and arrays; never code."""
