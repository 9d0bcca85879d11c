/** A file put into a host before its services first start. */
export interface SeedFile {
  path: string;
  content: string;
  /** As for chmod, such as "644". */
  mode: string;
  /** Default root:root. */
  owner?: string;
}

const endMark = "MAILBRAKE-LAB-END-OF-FILE";

/** Shell text that writes the files. Contents end with a newline (one is added where it is missing). */
export function seedScript(files: readonly SeedFile[]): string {
  return files
    .map((file) => {
      if (file.content.includes(endMark)) throw new Error(`${file.path} contains ${endMark}`);
      const content = file.content.endsWith("\n") ? file.content : `${file.content}\n`;
      const folder = file.path.slice(0, file.path.lastIndexOf("/")) || "/";
      return `[ -d ${folder} ] || mkdir -p ${folder}
cat > ${file.path} <<'${endMark}'
${content}${endMark}
chmod ${file.mode} ${file.path}
chown ${file.owner ?? "root:root"} ${file.path}
`;
    })
    .join("");
}
