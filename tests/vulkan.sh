#!/usr/bin/env bash
# Trains a little of everything on Vulkan's software device (Mesa's llvmpipe) and compares it with
# the processor. Installs the driver on Debian where it may, and skips loudly where it may not.
set -euo pipefail
cd "$(dirname "$0")/.."

skip() {
    printf '\n*** SKIPPED: nothing was compared on Vulkan: %s ***\n\n' "$1"
    exit 0
}

driver() { compgen -G '/usr/share/vulkan/icd.d/lvp_icd*.json' | head -n 1 || true; }

has_loader() { PATH="$PATH:/usr/sbin:/sbin" ldconfig -p 2>/dev/null | grep libvulkan.so.1 >/dev/null; }

install() {
    [ "$(id -u)" = 0 ] || skip "mesa-vulkan-drivers or libvulkan1 is missing, and only root can install it"
    command -v apt-get >/dev/null || skip "mesa-vulkan-drivers or libvulkan1 is missing, and there is no apt-get"
    {
        timeout 300 apt-get update -qq &&
            DEBIAN_FRONTEND=noninteractive timeout 600 apt-get install -y -qq \
                --no-install-recommends mesa-vulkan-drivers libvulkan1
    } >/dev/null || skip "apt-get could not install mesa-vulkan-drivers and libvulkan1"
}

if [ -z "$(driver)" ] || ! has_loader; then
    install
fi
[ -n "$(driver)" ] || skip "there is no /usr/share/vulkan/icd.d/lvp_icd*.json"

# Loaders before 1.3.207 know the second name alone.
VK_DRIVER_FILES="$(driver)"
export VK_DRIVER_FILES VK_ICD_FILENAMES="$VK_DRIVER_FILES"
MSX_REQUIRE_DEVICE=vulkan cargo test --locked --features vulkan --test devices
