"""`tf.io.gfile`: files and folders by name."""

from rillet.ops.file_system import copy as copy
from rillet.ops.file_system import exists as exists
from rillet.ops.file_system import (
    get_registered_schemes as get_registered_schemes,
)
from rillet.ops.file_system import glob as glob
from rillet.ops.file_system import isdir as isdir
from rillet.ops.file_system import join as join
from rillet.ops.file_system import listdir as listdir
from rillet.ops.file_system import makedirs as makedirs
from rillet.ops.file_system import mkdir as mkdir
from rillet.ops.file_system import remove as remove
from rillet.ops.file_system import rename as rename
from rillet.ops.file_system import rmtree as rmtree
from rillet.ops.file_system import stat as stat
from rillet.ops.file_system import walk as walk
from rillet.ops.opened_file import GFile as GFile
