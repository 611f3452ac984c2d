"""One module an AWS service; each is imported at start and patches moto through `emulator.extensions.patch`."""
