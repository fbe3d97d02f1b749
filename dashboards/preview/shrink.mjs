// Writes a screenshot anew with a palette of 256 colors: a third of the bytes, and no difference that one could see.
// node shrink.mjs SCREENSHOT PICTURE

import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.env.NODE_PATH, 'here'));
const sharp = require('sharp');
const [, , screenshot, picture] = process.argv;
await sharp(screenshot).removeAlpha().png({ palette: true, colours: 256, dither: 0.4, effort: 10, compressionLevel: 9 }).toFile(picture);
