"""Memory is taken from the allocator that gives it back."""

import os
import subprocess
import sys

import pytest


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere pyarrow's own default is used")
@pytest.mark.parametrize("module", ["pipelines.cli", "pipelines.load", "pipelines.definitions"])
def test_arrow_takes_its_memory_from_jemalloc_however_the_product_is_started(module: str) -> None:
    script = f"import {module}, pyarrow; print(pyarrow.default_memory_pool().backend_name)"
    # This process has it named already.
    environment = {name: value for name, value in os.environ.items() if name != "ARROW_DEFAULT_MEMORY_POOL"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "jemalloc\n"
