// For require('sentence-torch'): the same module, and so the same state, that importers get.
import index = require('./index.js');
export = index;
