#!/bin/bash
set -eu
pip install --quiet tzdata
