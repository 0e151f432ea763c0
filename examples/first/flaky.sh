#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Works for three to seven seconds, then breaks. Asked to stop, it ends at once.
trap 'kill "$pause"; echo "stopped"; exit 0' TERM

echo "working"
sleep $((3 + $$ % 5)) &
pause=$!
wait "$pause"

echo "something broke" >&2
exit 1
