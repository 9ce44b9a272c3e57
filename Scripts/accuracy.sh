#!/usr/bin/env bash
# Calibrates every device that the operator tables have, and writes Results/accuracy.csv and Results/accuracy.md: errors on
# shapes that no fit had seen. Takes the folder with the operator tables; devices run side by side. Given a file with runs of whole
# models as well, calibrates passes and power from it, and writes Results/models.csv and Results/models.md.
#
#   Scripts/accuracy.sh DATA/operators [DATA/runs.csv.gz]
set -euo pipefail
data=${1:?name the folder with train.gemm.csv.gz and the other operator tables}
runs=${2:+$(realpath "$2")}
data=$(cd "$data" && pwd)
cd "$(dirname "$0")/.."
devices=(a100-sxm-80gb h100-sxm h200-sxm b200 gb200 rtx-pro-6000-server)

swift build -c release --product orrery
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for device in "${devices[@]}"; do
    .build/release/orrery calibrate --measured "$data"/train.*.csv.gz --device "$device" \
        --scores "$work/$device.csv" --report "$work/$device.md" > "$work/$device.txt" &
done
wait

mkdir -p Results
for device in "${devices[@]}"; do cat "$work/$device.csv"; done | awk 'NR == 1 || !/^device,/' > Results/accuracy.csv
{ cat "$work/${devices[0]}.md"; for device in "${devices[@]:1}"; do grep "^| $device " "$work/$device.md"; done; } > Results/accuracy.md

if [ -n "$runs" ]; then
    .build/release/orrery calibrate --models --measured "$runs" --scores Results/models.csv --report Results/models.md
fi
