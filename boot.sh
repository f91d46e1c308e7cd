#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Makes 'configure'.  Needed once after a checkout from version control.

cd "$(dirname "$0")" && autoreconf --install --force
