/** What of the server's logger the slice needs. */
export interface SliceLog {
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
}
