// What NODE_USE_ENV_PROXY=1 does in Node.js 22.21 and newer, for older ones: the same library, from npm, in place of the one inside.
import { createRequire } from "node:module";

const { EnvHttpProxyAgent, setGlobalDispatcher } = createRequire(`${process.env.NODE_FOLDER}/`)("undici");
setGlobalDispatcher(new EnvHttpProxyAgent());
