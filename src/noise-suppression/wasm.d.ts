/** A WebAssembly file is built into the file that imports it, as bytes. */
declare module '*.wasm' {
  const bytes: Uint8Array;
  export default bytes;
}
