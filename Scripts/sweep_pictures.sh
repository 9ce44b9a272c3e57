#!/usr/bin/env bash
# Runs the shipped example sweeps and draws their fronts into Results/sweeps: what the tour of the README shows.
set -euo pipefail
cd "$(dirname "$0")/.."
orrery=${1:-.build/release/orrery}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p Results/sweeps
for grid in Workloads/sweeps/*.json; do
    name=$(basename "$grid" .json)
    "$orrery" sweep "$grid" --db "$work/$name.db" > /dev/null
    "$orrery" report "$work/$name.db" --html "$work/$name.html" --svg pareto "Results/sweeps/$name.svg"
done
