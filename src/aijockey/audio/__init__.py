"""Float32 blocks, files, resampling, STFT, units: the floor everything stands on.

Audio is ``float32`` of shape ``(channels, samples)``, full scale at 1.0, at 48 kHz unless a name says otherwise.
"""
