#!/bin/bash
# SPDX-License-Identifier: MIT
# What shall be shipped of the references on stdin.
# usage: PAYSESSION_CONFIG=config.json paid.sh BUILTIN < references
enable -f "$1" paysession || exit 2

while read -r reference; do
    if paysession get -q -- "$reference"; then
        echo "ship $reference"
    else
        echo "hold $reference ($?)"
    fi
done
