#!/usr/bin/env bash
# Run once by Gradescope when it makes the image: what the checker needs of the system.
set -euo pipefail
chmod +x "$(dirname "$0")/accio-check"
command -v python3 > /dev/null && command -v git > /dev/null && exit
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 git
