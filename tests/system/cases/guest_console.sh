# SPDX-License-Identifier: MIT
# A guest's console takes input and gives output, also after it was left and attached to again.
create talker
is_up talker
answers talker
sleep 1
answers talker
