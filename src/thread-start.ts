import { enableCompileCache } from "node:module";

// Where every thread begins (thread-entry.ts). Node keeps compiled code for a thread only where the thread asks for it: else each one
// strips the types of its modules and compiles them anew.
enableCompileCache();
await import(String(process.argv[2]));
