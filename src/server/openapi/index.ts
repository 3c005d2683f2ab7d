/** The server's Swagger 2.0 document, generated from the schemas of its routes. */
export { documentRoutes } from './document.js';
